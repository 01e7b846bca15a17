"""物流轨迹: parcels watched through a tracking service, their timelines, and the receipt that follows a signature."""
