-- Whether an organisation knows a household: yes where it has a row. Who only called or saw it is not known for it.
SELECT DISTINCT household_id, source_id FROM mention_household JOIN mention USING (mention_id) WHERE standing <> 'outsider'
