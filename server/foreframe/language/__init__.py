"""The language server: holes, predicted values and more, where the code is written."""
