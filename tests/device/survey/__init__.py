"""Tests of what is known of the machine: fake roots, garbage, and disks that hang."""
