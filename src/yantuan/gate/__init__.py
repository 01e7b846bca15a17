"""核销台: the gate hands out offline; what it did is booked when it is back on line."""
