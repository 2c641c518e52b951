"""The telgw command: one module for each sub-command, imported when it is called."""
