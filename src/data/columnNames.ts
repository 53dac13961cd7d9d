/** Columns that hold the text of an example, the first one there is taken. */
export const textColumns: readonly string[] = ['sentence', 'text', 'review', 'content'];

/** Columns that hold encoded images, the first one there is taken. */
export const imageColumns: readonly string[] = ['image', 'img', 'pixel_values'];

/** Columns of Parquet files that hold labels, the first one there is taken. */
export const labelColumns: readonly string[] = ['label', 'labels', 'fine_label'];
