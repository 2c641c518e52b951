"""The daemon: configuration, construction, life, operator tools."""
