"""The queue of everything that leaves the house: kept in the database until its receiver has it, or it is given up."""
