-- Whether an organisation knows a household: yes where it has a row. Who only called or saw it is not known for it.
SELECT DISTINCT household_id, source_id FROM involvement WHERE standing <> 'outsider'
