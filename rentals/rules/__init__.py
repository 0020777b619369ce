"""The rules of renting to own, as arithmetic: no database, no request, no clock. Days and instants are arguments."""
