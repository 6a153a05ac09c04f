"""Values in one form: units, money, colours, sizes, languages, choices."""
