import { z } from 'zod';

/** `${NAME}`: the value comes from the environment, so that no file, flag or error message holds it. */
export const secret = z
  .string()
  .regex(
    /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/,
    'a variable such as $' + '{NAME}, never the secret itself',
  )
  .meta({ secret: true });
