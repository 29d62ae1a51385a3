import { MAX_DEVICE_ID, MIN_DEVICE_ID } from '../constants.ts';
import { CodecError } from '../errors.ts';
import { type FieldType, uint } from '../wire/schema.ts';

const upToMaximum = uint({ max: MAX_DEVICE_ID });

/** The schema type of a device id, 1 to 127. Reading and writing throw CodecError `out-of-range`. */
export const deviceId: FieldType<number> = {
  write: (writer, number, value, name) => upToMaximum.write(writer, number, check(value, name), name),
  read: (field, name) => check(upToMaximum.read(field, name), name),
};

function check(value: number, name: string): number {
  if (value >= MIN_DEVICE_ID) return value;
  throw new CodecError('out-of-range', `${name} is below ${MIN_DEVICE_ID}`, { field: name });
}
