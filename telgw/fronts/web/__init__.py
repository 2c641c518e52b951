"""The web listener: status, metrics, web phone, simulator control, TelServices for pages."""
