"""What is said with a cellular modem over its serial line, by 3GPP TS 27.005 and 27.007. Pure, all of it."""
