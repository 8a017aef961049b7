"""The laboratory that `make demo` tells Argus of: three projects, five machines, four people, and how it all went."""
