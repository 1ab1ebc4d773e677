"""What the code promises of the ledger, the database holds it to."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION market_transfer_is_zero() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.transfer_id ELSE NEW.transfer_id END;
BEGIN
    IF EXISTS (
        SELECT FROM market_entry JOIN market_account ON market_account.id = account_id
        WHERE transfer_id = moved GROUP BY asset HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'the entries of transfer % are not zero together', moved USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
-- at the end of the transaction: between two entries of a transfer something is always missing
CREATE CONSTRAINT TRIGGER transfer_is_zero AFTER INSERT OR UPDATE OR DELETE ON market_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market_transfer_is_zero();
ALTER TABLE market_order ADD CONSTRAINT order_is_of_something CHECK (price > 0 AND remaining >= 0);
"""

BACKWARD = """
ALTER TABLE market_order DROP CONSTRAINT order_is_of_something;
DROP TRIGGER transfer_is_zero ON market_entry;
DROP FUNCTION market_transfer_is_zero();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("market", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
