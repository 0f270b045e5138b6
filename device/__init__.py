"""The agent of one room: reads its buttons and door contact, and publishes what happens."""
