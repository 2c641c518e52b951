"""telgw: a telephony (CTI) gateway. Many client protocols over one call model, many kinds of PBX."""

__version__ = "0.1.0"
