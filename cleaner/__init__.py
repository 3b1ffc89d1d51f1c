"""What two or more scripts need: sound files, the clock, features, decisions, cut lists, rendering."""
