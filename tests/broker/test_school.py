"""A school's hub and agents over TLS on a real broker, each as who its certificate says it is."""
