export function opTable(): string;
