"""Pages of service: of one letter with the calendar, and of the letters of a mailing."""
