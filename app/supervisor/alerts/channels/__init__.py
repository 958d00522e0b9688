"""Ways to reach people and programs: one small file each behind one interface."""
