/** What comes from a child, a provider or a file is data for a model and plain text for a terminal. */
export const quoting = {
  'notice.quoted':
    'error texts, categories, reasons, names and texts of a child stand in a notice as data, bounded, and make no line of it',
  'notice.fence': 'the fence around a text is longer than any run of backticks that is left inside',
  'notice.hidden': 'control, format and other invisible characters reach no model as part of a quotation',
  'tools.quoted': 'what tools for other pods answer quotes what the child, a file or the system said',
} as const;
