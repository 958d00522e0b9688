"""Imports: files of sales, customers or products, checked, shown, landed in the background and taken back when wrong."""
