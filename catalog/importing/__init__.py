"""Files become goods and stock: parts files, deliveries, and the reports about them.

tables      a CSV file as lines of cells, or one clear sentence about what is wrong with it
cells       one cell as a typed value, or a doubt about it
parts       one line of a parts file as a part
storing     parts as products, variants and references, in short transactions
runs        several files in one go
reports     what was skipped, doubted or merged, for a person
deliveries  stock that arrives by a file
"""
