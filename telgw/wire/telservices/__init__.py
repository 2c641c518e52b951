"""The TelServices protocol as typed values."""
