"""`argus-server plan`: what a number of live jobs needs, from costs that were measured."""
