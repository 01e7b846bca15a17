"""Tables: written so that they are safe to open, and read, whoever made them, within bounds that hold whatever they contain."""
