-- Spreads what is large over the machines of a Citus cluster, by batch. Once, on the coordinator, after the migration and
-- before the first event (or in a pause without ingest: rows that are there are moved). Not run anywhere by us: there is no
-- Citus where this is developed. libs/schema/tests/test_distribution.py holds the list against the schema.
--
-- batch, job, and the sums that their triggers keep stay on the coordinator: rows per job and not per event, and Citus
-- runs no triggers on distributed tables. Adding them to the metadata lets every machine plan joins with them.
create extension if not exists citus;

select citus_add_local_table_to_metadata('batch');
select citus_add_local_table_to_metadata('job');

select create_distributed_table('event', 'batch_key', shard_count => 64);
select create_distributed_table('metric_block', 'batch_key', colocate_with => 'event');
select create_distributed_table('metric_chunk', 'batch_key', colocate_with => 'event');
select create_distributed_table('metric_column', 'batch_key', colocate_with => 'event');
select create_distributed_table('log_line', 'batch_key', colocate_with => 'event');
select create_distributed_table('resource_snapshot', 'batch_key', colocate_with => 'event');
select create_distributed_table('purged_event', 'batch_key', colocate_with => 'event');
