import { below, commonFolder, folderOf, nameOf, placed, places } from './paths.ts';
import type { Recogniser } from './recognisedData.ts';

const image = /\.(jpe?g|png|webp)$/i;
const list = /^(train|val|validation|test)\.txt$/;
const part = /^(train|val|validation|test)$/;
const namesShown = 5;

/** Images in a folder for each class, by themselves or in folders of training and test data; or lists train.txt of them. */
export const recogniseImages: Recogniser = async (files) => {
  const images = files.filter(({ path }) => image.test(path));
  if (images.length === 0) return null;
  const lists = files.filter(({ path }) => list.test(nameOf(path)));
  const folders = [...new Set(images.map(({ path }) => folderOf(path)))];
  const described = {
    files: placed(places.data, [...images, ...lists]),
    takes: ['imageSize'],
    question: null,
  } as const;
  const listed = lists.find(({ path }) => nameOf(path) === 'train.txt');
  if (listed !== undefined) {
    const root = folderOf(listed.path);
    const what = `${images.length.toLocaleString('en-US')} images with a list, ${nameOf(listed.path)}`;
    return { ...described, name: nameOf(root) || 'images', what, data: `images:${below(places.data, root)}` };
  }
  if (folders.includes(''))
    return {
      problem: `Cannot tell the classes of ${images.length.toLocaleString('en-US')} images that lie in no folder, such as “${images.find(({ path }) => !path.includes('/'))!.path}”: expected a folder for each class; drop the folder that they lie in`,
    };
  const roots = [...new Set(folders.map(folderOf))];
  const parts = roots.filter((root) => part.test(nameOf(root)));
  const root = parts.length === 0 ? commonFolder(roots) : commonFolder(parts.map(folderOf));
  const train = parts.length === 0 ? folders : folders.filter((folder) => nameOf(folderOf(folder)) === 'train');
  const classes = [...new Set(train.map(nameOf))];
  if (classes.length === 1)
    return {
      problem: `Cannot score images of one class, “${classes[0]}”: expected a folder for each class; drop the folder that holds them all`,
    };
  const shown = classes.slice(0, namesShown).join(', ') + (classes.length > namesShown ? ', …' : '');
  return {
    ...described,
    name: nameOf(root) || 'images',
    what: `${images.length.toLocaleString('en-US')} images in ${classes.length} classes (${shown})`,
    data: `images:${below(places.data, root)}`,
  };
};
