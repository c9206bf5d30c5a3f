/** What the model has seen of each file, by its absolute real path. */
import type { FileView } from './file-view.ts';
import type { FileViews } from './tool.ts';

export function newFileViews(): FileViews {
  const views = new Map<string, FileView>();
  return {
    remember: (path, view) => void views.set(path, view),
    seen: (path) => views.get(path),
  };
}
