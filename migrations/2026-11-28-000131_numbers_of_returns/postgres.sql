-- Lines of returns never change; they get their numbers once. Triggers are made anew at every start.
DROP TRIGGER IF EXISTS return_lines_append_only ON return_lines;
