// Empty until the first type moves in.
