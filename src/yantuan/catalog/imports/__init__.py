"""从表格导入商品: a supplier's sheet of goods, read, judged row by row, shown, and taken into the library as far as its leader agrees."""
