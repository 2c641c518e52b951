"""What outlives the daemon."""
