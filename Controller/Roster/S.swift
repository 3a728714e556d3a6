enum RosterPlaceholder {}
