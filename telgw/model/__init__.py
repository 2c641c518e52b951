"""The call model: facts in, changes out. Pure: no clock, no I/O, no client protocol."""
