/** Images: what is one, where it is kept, and who is shown it. */
export const images = {
  'image.measured':
    'the first bytes of a file say whether it is a PNG, a JPEG, a GIF or a WebP, and its header how large it is; nothing is decoded',
  'image.broken':
    'an image that ends in the middle, or has no header, no size or no pixels, is said to be broken',
  'image.line': 'wherever an image is not shown, a line names it with its kind, its sides and its size',
  'image.read': 'Read gives an image whole, within what models take, and says in a sentence why it does not',
  'image.text-first': 'a text that begins like an image is read as text',
  'image.changing': 'an image that is changed while it is read is not taken',
  'image.input':
    'an image that a person names by `@`, or hands over as a part, goes with the input, with the rights of Read',
  'image.input-refused': 'an input with a part that is no image, or one too large, is refused whole',
  'image.kept':
    'an image is on disk, 0600 and named by its content, before an entry names it; what is not what its name says is gone',
  'image.kept-bound': 'the images that a pod keeps are bounded in sum: the oldest go first',
  'image.dialects':
    'each provider gets an image in its own words, in inputs and in results; where a result holds text alone it follows behind the results',
  'image.gone': 'in the place of an image whose file is gone the model reads a sentence',
  'image.refused':
    'a model that refuses images as such is asked again once with words in their place, and is sent none any more, also after a restart',
  'image.refused-one': 'an image that a provider refuses is left out of that request and of all later ones',
  'image.too-large':
    'a request that is refused as too many bytes goes out again without the images that no answer has followed, so that its session can be gone on with',
  'image.known': 'a model that is said to take no images is sent none',
  'image.context':
    'a request shows the newest images up to a bound; a pruned, cut or compacted item shows none, and their tokens count',
  'image.no-bytes': 'no entry, transcript or output of a pod holds the bytes of an image',
};
