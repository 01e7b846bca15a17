"""批量发货导入: a sheet of tracking numbers, read, judged row by row, booked and if need be taken back as a whole."""
