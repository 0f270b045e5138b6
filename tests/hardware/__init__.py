"""The agent on hardware: in a virtual machine whose pins are the kernel's own, and by hand on a real Pi."""
