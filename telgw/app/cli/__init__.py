"""The telgw command."""
