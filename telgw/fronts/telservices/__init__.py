"""TelServices on real sockets: raw XML and HTTP on one port, events over UDP."""
