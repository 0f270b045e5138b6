"""The console in a real Chromium, on its real server; and the moving picture of the README."""
