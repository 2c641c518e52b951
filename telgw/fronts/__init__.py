"""Client protocols on real sockets."""
