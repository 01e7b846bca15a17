"""The demo shop: made-up people, goods and orders, loaded only into a demo instance."""
