"""数据: how a store did today, in 7 and in 30 days, next to the days before."""
