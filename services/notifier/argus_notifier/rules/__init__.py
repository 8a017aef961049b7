"""What people asked to be told of, in words of their own: rules of persons, of projects, and of a file."""
