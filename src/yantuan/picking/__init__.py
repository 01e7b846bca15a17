"""备货 and 分拣: what to buy in, what goes to which pick-up point and building, what goes into whose bag."""
