"""Sessions, feeds, dispatch and the ports that links and fronts plug into."""
