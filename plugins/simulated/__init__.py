"""A simulated PBX with call processing of its own."""
