"""Ground floor: ids, outcomes, time, numbers and limits. Imports nothing of telgw."""
